import type { Template } from '../template.ts';

export const orderShippedEn: Template = {
  patient: {
    subject: 'Your order is on its way',
    text: `Hello,

Your order was shipped and arrives within the next days.

Reference: {reference}
`,
    sms: 'Careflow: your order is on its way. Ref. {reference}',
  },
};
