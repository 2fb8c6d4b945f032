import type { Template } from '../template.ts';

export const deviceRevokedEn: Template = {
  patient: {
    subject: 'Access to a device was withdrawn',
    text: `Hello,

Access to a device was withdrawn. If this was not intended, open your Careflow account.
`,
    sms: 'Careflow: access to a device was withdrawn. Your account says more.',
  },
};
