import type { Wording } from '../template.ts';

/** Whoever reads it over a shoulder learns nothing but that it was asked for. */
export const exportReadyDe: Pick<Wording, 'subject' | 'text'> = {
  subject: 'Ihre Daten liegen bereit',
  text: `Guten Tag,

das Archiv, um das Sie gebeten haben, liegt bereit. Sie können es in Ihrem Konto bis {until} herunterladen.

Wenn Sie um nichts gebeten haben, ändern Sie Ihr Passwort und schreiben Sie uns.

Careflow
`,
};
