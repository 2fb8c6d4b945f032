import type { Template } from '../template.ts';

export const consentGivenEn: Template = {
  patient: {
    subject: 'Your consent is recorded',
    text: `Hello,

Your consent is recorded. You can read it and withdraw it in your Careflow account at any time.
`,
    sms: 'Careflow: your consent is recorded. You can withdraw it at any time.',
  },
};
