import type { Wording } from '../template.ts';

/** Whoever reads it over a shoulder learns nothing but that it was asked for. */
export const exportReadyFr: Pick<Wording, 'subject' | 'text'> = {
  subject: 'Vos données sont prêtes',
  text: `Bonjour,

l'archive que vous avez demandée est prête. Vous pouvez la télécharger dans votre compte jusqu'au {until}.

Si vous n'avez rien demandé, changez votre mot de passe et écrivez-nous.

Careflow
`,
};
