import type { Template } from '../template.ts';

export const resultRetractedDe: Template = {
  patient: {
    subject: 'Ein Befund wurde zurückgezogen',
    text: `Guten Tag,

ein Befund, den Sie lesen konnten, war irrtümlich eingetragen und wurde zurückgezogen. Verlassen Sie sich nicht mehr darauf. Fragen beantwortet Ihre Praxis.

Zum Schutz Ihrer Daten sagt diese Nachricht nicht mehr.
`,
    sms: 'Careflow: Ein irrtümlich eingetragener Befund wurde zurückgezogen. Näheres steht in Ihrem Konto.',
  },
};
