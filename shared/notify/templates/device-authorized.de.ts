import type { Template } from '../template.ts';

export const deviceAuthorizedDe: Template = {
  patient: {
    subject: 'Zugriff auf ein Gerät wurde erteilt',
    text: `Guten Tag,

der Zugriff auf ein Gerät wurde erteilt. Ihr Careflow-Konto zeigt, wer es verwenden darf, und dort lässt er sich entziehen.
`,
    sms: 'Careflow: Der Zugriff auf ein Gerät wurde erteilt. Näheres steht in Ihrem Konto.',
  },
};
