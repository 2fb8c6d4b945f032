import type { Template } from '../template.ts';

export const resultCorrectedEn: Template = {
  patient: {
    subject: 'A result was corrected',
    text: `Hello,

A result that you could read was corrected. Open your Careflow account to see what has changed.

To protect your privacy this message says no more.
`,
    sms: 'Careflow: a result was corrected. To see what has changed, open your account.',
  },
};
