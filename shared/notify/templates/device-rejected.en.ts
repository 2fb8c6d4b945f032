import type { Template } from '../template.ts';

export const deviceRejectedEn: Template = {
  patient: {
    subject: 'Your device could not be registered',
    text: `Hello,

A device could not be registered. Your Careflow account says why, and how to try again.
`,
    sms: 'Careflow: your device could not be registered. Your account says why.',
  },
};
