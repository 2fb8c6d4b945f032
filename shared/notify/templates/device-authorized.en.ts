import type { Template } from '../template.ts';

export const deviceAuthorizedEn: Template = {
  patient: {
    subject: 'Access to a device was granted',
    text: `Hello,

Access to a device was granted. Your Careflow account shows who may use it, and lets you take the access back.
`,
    sms: 'Careflow: access to a device was granted. Your account says more.',
  },
};
