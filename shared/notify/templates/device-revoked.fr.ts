import type { Template } from '../template.ts';

export const deviceRevokedFr: Template = {
  patient: {
    subject: "L'accès à un appareil a été retiré",
    text: `Bonjour,

L'accès à un appareil a été retiré. Si ce n'était pas votre intention, ouvrez votre compte Careflow.
`,
    sms: "Careflow : l'accès à un appareil a été retiré. Les détails sont dans votre compte.",
  },
};
