import type { Language } from '../domain/notification.ts';

/**
 * The words of one kind of message in one language. A name in braces is replaced by a value:
 * `{practitioner}` and `{place}` as the practitioner's profile has them, `{date}` written out, `{day}` short, `{time}`,
 * `{zone}` (all on the practitioner's clock), `{reference}` the booking's id; where a booking moved, `{previousDate}` and
 * `{previousTime}`; where several visits share an SMS, `{visits}`. Of what is no visit, `{reference}` is the id, and
 * `{minutes}` how long it has waited.
 * No message says why a visit takes place, or what a result, a device or an order is: no specialty, no visit type, no
 * reason, no name of an examination or of a kit.
 */
export type Template = {
  /** Absent where only practitioners are told. */
  readonly patient?: Wording;
  /** Absent where only patients are told. */
  readonly practitioner?: Wording;
};

export type Wording = {
  readonly subject: string;
  readonly text: string;
  /** At most 160 characters of the GSM 7-bit alphabet once filled. A push message has the same words. */
  readonly sms: string;
  /** In place of `sms` where several visits share one. */
  readonly smsOfSeveral?: string;
  /** How a visit is called in a calendar. */
  readonly calendar?: string;
};

export type Values = Readonly<Record<string, string>>;

/** Puts values into a template. No value can begin a line: a name with a line break stays a name. */
export function fill(template: string, values: Values): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the template asks for {${name}}, which is not given`);
    return oneLine(value);
  });
}

export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

const LOCALES: Readonly<Record<Language, string>> = { fr: 'fr-FR', de: 'de-DE', en: 'en-GB' };

const STYLES = {
  long: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  short: { weekday: 'short', day: 'numeric', month: 'short' },
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
} as const;

/** `Wednesday, 4 March 2026`. */
export function longDate(at: Temporal.ZonedDateTime, language: Language): string {
  return formatOf(language, 'long').format(at.toPlainDateTime());
}

/** `Wed 4 Mar`. */
export function shortDate(at: Temporal.ZonedDateTime, language: Language): string {
  return formatOf(language, 'short').format(at.toPlainDateTime());
}

/** `10:00`. */
export function clockTime(at: Temporal.ZonedDateTime, language: Language): string {
  return formatOf(language, 'time').format(at.toPlainDateTime());
}

/** Made once: making a format takes several times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(language: Language, style: keyof typeof STYLES): Intl.DateTimeFormat {
  const key = `${language} ${style}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(LOCALES[language], STYLES[style]);
  formats.set(key, format);
  return format;
}
