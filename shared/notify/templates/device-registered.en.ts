import type { Template } from '../template.ts';

export const deviceRegisteredEn: Template = {
  patient: {
    subject: 'Your device is registered',
    text: `Hello,

Your device is registered and can now be used with your Careflow account.
`,
    sms: 'Careflow: your device is registered.',
  },
};
