import type { Wording } from '../template.ts';

export const accountErasedEn: Wording = {
  subject: 'Your Careflow account is being erased',
  text: `Hello,

your Careflow account and your data are being erased, as we were asked to do. Your visits to come are cancelled. What the law has us keep is put apart and sealed. This is our last message.

If you did not ask for it, write to us at once.

Careflow
`,
  sms: 'Careflow: your account is being erased, your visits are cancelled. If you did not ask for it, write to us at once.',
};
