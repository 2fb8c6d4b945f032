import type { Template } from '../template.ts';

export const deviceRevokedDe: Template = {
  patient: {
    subject: 'Zugriff auf ein Gerät wurde entzogen',
    text: `Guten Tag,

der Zugriff auf ein Gerät wurde entzogen. War das nicht beabsichtigt, öffnen Sie Ihr Careflow-Konto.
`,
    sms: 'Careflow: Der Zugriff auf ein Gerät wurde entzogen. Näheres steht in Ihrem Konto.',
  },
};
