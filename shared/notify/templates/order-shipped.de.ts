import type { Template } from '../template.ts';

export const orderShippedDe: Template = {
  patient: {
    subject: 'Ihre Bestellung ist unterwegs',
    text: `Guten Tag,

Ihre Bestellung wurde versandt und kommt in den nächsten Tagen an.

Referenz: {reference}
`,
    sms: 'Careflow: Ihre Bestellung ist unterwegs. Ref. {reference}',
  },
};
