import type { Template } from '../template.ts';

export const criticalResultEscalatedFr: Template = {
  practitioner: {
    subject: 'URGENT : résultat critique sans réponse depuis {minutes} minutes',
    text: `Bonjour,

Un résultat critique attend depuis {minutes} minutes et personne n'en a accusé réception. L'alerte va à qui a prescrit l'examen et à qui le remplace : la première personne qui lit ceci agit, ouvre le résultat dans Careflow et en accuse réception.

Référence : {reference}
`,
    sms: 'URGENT Careflow : résultat critique sans réponse depuis {minutes} min. Agissez maintenant. Réf. {reference}',
  },
};
