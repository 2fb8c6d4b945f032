import type { Template } from '../template.ts';

export const orderPlacedEn: Template = {
  patient: {
    subject: 'We have your order',
    text: `Hello,

We have received your order. Your Careflow account shows how it is coming along.

Reference: {reference}
`,
    sms: 'Careflow: we have your order. Ref. {reference}',
  },
};
