import type { Template } from '../template.ts';

export const testKitRegisteredDe: Template = {
  patient: {
    subject: 'Ihr Test-Kit ist registriert',
    text: `Guten Tag,

Ihr Test-Kit ist registriert. Wie es weitergeht, von der Entnahme bis zum Versand, steht in Ihrem Careflow-Konto.
`,
    sms: 'Careflow: Ihr Test-Kit ist registriert. Wie es weitergeht, steht in Ihrem Konto.',
  },
};
