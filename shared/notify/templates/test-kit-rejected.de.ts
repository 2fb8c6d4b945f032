import type { Template } from '../template.ts';

export const testKitRejectedDe: Template = {
  patient: {
    subject: 'Ihr Test-Kit kann nicht verwendet werden',
    text: `Guten Tag,

ein Test-Kit konnte nicht registriert oder verwendet werden. Den Grund, und wie Sie Ersatz bekommen, finden Sie in Ihrem Careflow-Konto.
`,
    sms: 'Careflow: Ihr Test-Kit kann nicht verwendet werden. Der Grund steht in Ihrem Konto.',
  },
};
