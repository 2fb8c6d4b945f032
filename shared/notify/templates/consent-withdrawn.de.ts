import type { Template } from '../template.ts';

export const consentWithdrawnDe: Template = {
  patient: {
    subject: 'Ihre Einwilligung ist widerrufen',
    text: `Guten Tag,

Ihre Einwilligung ist widerrufen. Was darauf beruhte, endet. In Ihrem Careflow-Konto können Sie sie erneut erteilen.
`,
    sms: 'Careflow: Ihre Einwilligung ist widerrufen. Was darauf beruhte, endet.',
  },
};
