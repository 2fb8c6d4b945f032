import type { Wording } from '../template.ts';

/** To whoever acts for the patient: whose account it is is not said to who else may read it. */
export const accountErasedProxyFr: Wording = {
  subject: 'Un compte Careflow dont vous vous occupez est effacé',
  text: `Bonjour,

un compte Careflow dont vous vous occupez et ses données sont en cours d'effacement, comme cela nous a été demandé. Ses rendez-vous à venir sont annulés. Ce que la loi nous oblige à garder est mis à part et scellé. Ceci est notre dernier message au sujet de ce compte ; le vôtre reste ouvert.

Si vous n'avez rien demandé, écrivez-nous sans attendre.

Careflow
`,
  sms: "Careflow : un compte dont vous vous occupez est en cours d'effacement, ses rendez-vous sont annulés. Si vous n'avez rien demandé, écrivez-nous vite.",
};
