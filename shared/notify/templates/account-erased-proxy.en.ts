import type { Wording } from '../template.ts';

/** To whoever acts for the patient: whose account it is is not said to who else may read it. */
export const accountErasedProxyEn: Wording = {
  subject: 'A Careflow account that you look after is being erased',
  text: `Hello,

a Careflow account that you look after and its data are being erased, as we were asked to do. Its visits to come are cancelled. What the law has us keep is put apart and sealed. This is our last message about that account; your own stays.

If you did not ask for it, write to us at once.

Careflow
`,
  sms: 'Careflow: an account that you look after is being erased, its visits are cancelled. If you did not ask for it, write to us at once.',
};
