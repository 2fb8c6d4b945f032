import type { Template } from '../template.ts';

export const consentWithdrawnEn: Template = {
  patient: {
    subject: 'Your consent is withdrawn',
    text: `Hello,

Your consent is withdrawn. What depended on it ends. You can give it again in your Careflow account.
`,
    sms: 'Careflow: your consent is withdrawn. What depended on it ends.',
  },
};
