import type { Template } from '../template.ts';

export const consentGivenDe: Template = {
  patient: {
    subject: 'Ihre Einwilligung ist gespeichert',
    text: `Guten Tag,

Ihre Einwilligung ist gespeichert. In Ihrem Careflow-Konto können Sie sie jederzeit lesen und widerrufen.
`,
    sms: 'Careflow: Ihre Einwilligung ist gespeichert. Sie können sie jederzeit widerrufen.',
  },
};
