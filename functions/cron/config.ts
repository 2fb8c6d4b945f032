import { eventLogUrl, optional, text, url } from '../../shared/runtime/config.ts';

const postgres = url({ schemes: ['postgres', 'postgresql'] });

export const settings = {
  DATABASE_URL_CRON: postgres,
  DATABASE_URL_BOOKING: postgres,
  DATABASE_URL_PRACTITIONER: postgres,
  DATABASE_URL_NOTIFICATION: postgres,
  DATABASE_URL_LABORATORY: postgres,
  DATABASE_URL_HOMEKIT: postgres,
  DATABASE_URL_PATIENT: postgres,
  DATABASE_URL_WORKER: postgres,
  REDIS_URL: url({ schemes: ['redis', 'rediss'] }),
  EVENT_LOG_URL: eventLogUrl(),
  // Only asked whether they answer.
  OIDC_JWKS_URL: optional(url()),
  AWS_REGION: optional(text()),
  AWS_ENDPOINT_URL: optional(url()),
};

type ServiceSettings = Readonly<
  Partial<Record<'OIDC_JWKS_URL' | 'AWS_REGION' | 'AWS_ENDPOINT_URL', string | undefined>>
>;

/**
 * The services that are reached over HTTP, by name. Amazon SES and SNS answer at their region's endpoints (AWS General
 * Reference, service endpoints), unless one endpoint plays both.
 */
export function servicesOf({ OIDC_JWKS_URL, AWS_REGION: region, AWS_ENDPOINT_URL: endpoint }: ServiceSettings) {
  const regional = (service: string) => region && `https://${service}.${region}.amazonaws.com/`;
  return {
    'identity-provider': OIDC_JWKS_URL,
    ses: endpoint ?? regional('email'),
    sns: endpoint ?? regional('sns'),
  };
}
