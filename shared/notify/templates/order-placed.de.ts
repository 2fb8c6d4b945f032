import type { Template } from '../template.ts';

export const orderPlacedDe: Template = {
  patient: {
    subject: 'Ihre Bestellung ist eingegangen',
    text: `Guten Tag,

Ihre Bestellung ist eingegangen. Ihren Stand finden Sie in Ihrem Careflow-Konto.

Referenz: {reference}
`,
    sms: 'Careflow: Ihre Bestellung ist eingegangen. Ref. {reference}',
  },
};
