import type { Template } from '../template.ts';

export const orderCancelledEn: Template = {
  patient: {
    subject: 'Your order is cancelled',
    text: `Hello,

Your order is cancelled. If this was not intended, order again in your Careflow account.

Reference: {reference}
`,
    sms: 'Careflow: your order is cancelled. Ref. {reference}',
  },
};
