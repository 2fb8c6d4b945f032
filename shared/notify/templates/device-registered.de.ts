import type { Template } from '../template.ts';

export const deviceRegisteredDe: Template = {
  patient: {
    subject: 'Ihr Gerät ist registriert',
    text: `Guten Tag,

Ihr Gerät ist registriert und kann jetzt mit Ihrem Careflow-Konto verwendet werden.
`,
    sms: 'Careflow: Ihr Gerät ist registriert.',
  },
};
