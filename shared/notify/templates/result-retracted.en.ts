import type { Template } from '../template.ts';

export const resultRetractedEn: Template = {
  patient: {
    subject: 'A result was withdrawn',
    text: `Hello,

A result that you could read was entered in error and has been withdrawn. Please do not rely on it any more. Your practitioner will answer your questions.

To protect your privacy this message says no more.
`,
    sms: 'Careflow: a result that was entered in error has been withdrawn. Do not rely on it. Your account says more.',
  },
};
