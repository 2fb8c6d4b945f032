import type { Template } from '../template.ts';

export const accountUpdatedEn: Template = {
  patient: {
    subject: 'Your Careflow account has changed',
    text: `Hello,

The state of your Careflow account has changed. If this was not you, open your account and end the sessions that you do not know.
`,
    sms: 'Careflow: the state of your account has changed. If this was not you, open it.',
  },
};
