import type { Wording } from '../template.ts';

export const accountErasedFr: Wording = {
  subject: 'Votre compte Careflow est effacé',
  text: `Bonjour,

votre compte Careflow et vos données sont en cours d'effacement, comme cela nous a été demandé. Vos rendez-vous à venir sont annulés. Ce que la loi nous oblige à garder est mis à part et scellé. Ceci est notre dernier message.

Si vous n'avez rien demandé, écrivez-nous sans attendre.

Careflow
`,
  sms: "Careflow : votre compte est en cours d'effacement, vos rendez-vous sont annulés. Si vous n'avez rien demandé, écrivez-nous sans attendre.",
};
