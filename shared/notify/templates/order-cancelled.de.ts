import type { Template } from '../template.ts';

export const orderCancelledDe: Template = {
  patient: {
    subject: 'Ihre Bestellung ist storniert',
    text: `Guten Tag,

Ihre Bestellung ist storniert. War das nicht beabsichtigt, bestellen Sie in Ihrem Careflow-Konto erneut.

Referenz: {reference}
`,
    sms: 'Careflow: Ihre Bestellung ist storniert. Ref. {reference}',
  },
};
