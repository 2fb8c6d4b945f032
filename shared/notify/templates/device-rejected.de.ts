import type { Template } from '../template.ts';

export const deviceRejectedDe: Template = {
  patient: {
    subject: 'Ihr Gerät konnte nicht registriert werden',
    text: `Guten Tag,

ein Gerät konnte nicht registriert werden. Den Grund, und wie Sie es erneut versuchen, finden Sie in Ihrem Careflow-Konto.
`,
    sms: 'Careflow: Ihr Gerät konnte nicht registriert werden. Der Grund steht in Ihrem Konto.',
  },
};
