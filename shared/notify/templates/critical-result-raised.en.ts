import type { Template } from '../template.ts';

export const criticalResultRaisedEn: Template = {
  practitioner: {
    subject: 'Critical result: please read now',
    text: `Hello,

A critical result is waiting for you. Open it in Careflow now and acknowledge it: until you do, the alert is repeated and goes to whoever stands in for you.

Reference: {reference}
`,
    sms: 'URGENT Careflow: a critical result is waiting. Acknowledge it now. Ref. {reference}',
  },
};
