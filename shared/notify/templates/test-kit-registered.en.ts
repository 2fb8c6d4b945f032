import type { Template } from '../template.ts';

export const testKitRegisteredEn: Template = {
  patient: {
    subject: 'Your test kit is registered',
    text: `Hello,

Your test kit is registered. What comes next, from taking the sample to posting it, is in your Careflow account.
`,
    sms: 'Careflow: your test kit is registered. Your account says what comes next.',
  },
};
