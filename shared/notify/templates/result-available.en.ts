import type { Template } from '../template.ts';

export const resultAvailableEn: Template = {
  patient: {
    subject: 'A new result is available',
    text: `Hello,

A new result is available. To read it, open your Careflow account.

To protect your privacy this message says no more.
`,
    sms: 'Careflow: a new result is available. To read it, open your account.',
  },
};
