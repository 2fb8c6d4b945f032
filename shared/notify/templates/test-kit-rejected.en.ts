import type { Template } from '../template.ts';

export const testKitRejectedEn: Template = {
  patient: {
    subject: 'Your test kit cannot be used',
    text: `Hello,

A test kit could not be registered or used. Your Careflow account says why, and how to have it replaced.
`,
    sms: 'Careflow: your test kit cannot be used. Your account says why.',
  },
};
