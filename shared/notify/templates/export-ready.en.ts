import type { Wording } from '../template.ts';

/** Whoever reads it over a shoulder learns nothing but that it was asked for. */
export const exportReadyEn: Pick<Wording, 'subject' | 'text'> = {
  subject: 'Your data is ready',
  text: `Hello,

the archive you asked for is ready. You can download it in your account until {until}.

If you did not ask for it, change your password and write to us.

Careflow
`,
};
