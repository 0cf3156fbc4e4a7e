import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { digest, randomToken } from '../../common/random.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../../connectors/connector.registry.js';
import { splitScope } from '../../connectors/token-set.js';
import { Sealed } from '../../sealing/sealed.js';
import { Sealer } from '../../sealing/sealer.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import { redeem, SocialService, type Redeemed } from '../sign-in/social.service.js';
import { assertRoundTrip, callbackParameters, type ConnectorData } from './round-trip.js';
import { bindingOf, type VerificationRecord } from './verification-record.entity.js';
import { PROGRAM, VerificationRecords, type RecordOwner } from './verification-records.js';
import { decodeVerified, encodeVerified } from './verified.js';

export interface VerificationStart {
  readonly connectorId: string;
  readonly state: string;
  readonly redirectUri: string;
  readonly scope?: readonly string[];
  readonly userAgent?: string;
}

export interface StartedVerification {
  readonly id: string;
  readonly authorizationUri: string;
  readonly expiresAt: number;
}

/** Who came back, until a write uses the record up. */
export interface VerifiedRecord extends Redeemed {
  readonly recordId: string;
}

/**
 * Round trips to providers that a program conducts: it makes the state, sends the browser and reads the callback. Nonce
 * and code verifier stay here, and so does what came back, sealed, for the session that began it and no other.
 */
@Injectable()
export class SocialVerifications {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(ConnectorRegistry) private readonly connectors: ConnectorRegistry,
    private readonly social: SocialService,
    private readonly records: VerificationRecords,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  /** Rejects with `session.invalid_connector_id`, `session.insufficient_info` or `guard.invalid_input`. */
  async start(owner: RecordOwner, start: VerificationStart): Promise<StartedVerification> {
    return this.begin(owner, await this.connector(start.connectorId), start);
  }

  /** The same for a program. Rejects with `connector.not_found` or `connector.disabled` in the place of the first. */
  async startManaged(start: VerificationStart): Promise<StartedVerification> {
    return this.begin(PROGRAM, await this.connectors.getEnabled(start.connectorId), start);
  }

  /** Spends the code, once. Rejects with `verification_record.not_found`, `auth.*` or `connector.*`. */
  async verify(owner: RecordOwner, id: string, data: ConnectorData): Promise<void> {
    const record = await this.records.find(owner, id, 'pending');
    assertSameTrip(record, data);
    const configured = await this.connectors.getEnabled(record.connectorId);
    await this.records.advance(record, { phase: 'spent' });
    const redeemed = await redeem(configured, callbackOf(record, data));
    const { keyId, wrappedKey, ciphertext } = await this.sealer.seal(
      encodeVerified(redeemed),
      bindingOf(record),
    );
    const sealed = { keyId, wrappedKey, ciphertext };
    await this.records.advance({ ...record, phase: 'spent' }, { phase: 'verified', ...sealed });
  }

  /** Rejects with `verification_record.not_found`, and where the connector has gone since, with `connector.*`. */
  async open(owner: RecordOwner, id: string): Promise<VerifiedRecord> {
    const record = await this.records.find(owner, id, 'verified');
    const { keyId, wrappedKey, ciphertext, connectorId } = record;
    const sealed: Sealed = { keyId: keyId ?? '', wrappedKey: wrappedKey ?? '', ciphertext: ciphertext ?? '' };
    const { instance } = await this.connectors.getEnabled(connectorId);
    const { at, tokenSet } = decodeVerified(await this.sealer.open(sealed, bindingOf(record)), connectorId);
    return { recordId: id, at, tokenSet: instance.enableTokenStorage ? tokenSet : undefined };
  }

  /** Within the write that uses it: once and for all. Rejects with `verification_record.not_found`. */
  consume(manager: EntityManager, { recordId }: VerifiedRecord): Promise<void> {
    return this.records.consume(manager, recordId);
  }

  /** Who came back from a round trip of the Management API, found by its state; it is over. */
  async finishManaged(connectorId: string, data: ConnectorData): Promise<Redeemed> {
    const configured = await this.connector(connectorId);
    const record = await this.records.takeByState(configured.instance.id, data['state'] ?? '');
    if (!record)
      throw new LatchkeyError(
        'session.connector_validation_session_not_found',
        'No authorization was started with this state, or it is over.',
      );
    assertSameTrip(record, data);
    return redeem(configured, callbackOf(record, data));
  }

  private async begin(
    owner: RecordOwner,
    { connector, instance }: ConfiguredConnector,
    start: VerificationStart,
  ): Promise<StartedVerification> {
    assertRoundTrip(start, this.options);
    const { state, redirectUri, userAgent } = start;
    const [nonce, codeVerifier, consent] = [randomToken(), randomToken(), instance.enableTokenStorage];
    const scope = await this.social.furtherScope(instance, {
      userId: consent ? (owner.userId ?? undefined) : undefined,
      scope: start.scope,
    });
    const request = { state, redirectUri, nonce, codeVerifier, consent, scope, userAgent };
    const url = await connector.authorizationUrl(instance, request);
    const kept = { connectorId: instance.id, state, nonce, codeVerifier, redirectUri };
    const record = await this.records.insert({ ...owner, ...kept, scope: scope.join(' ') || null });
    return { ...record, authorizationUri: url.href };
  }

  private async connector(id: string): Promise<ConfiguredConnector> {
    try {
      return await this.connectors.getEnabled(id);
    } catch (cause) {
      if (!isLatchkeyError(cause)) throw cause;
      throw new LatchkeyError('session.invalid_connector_id', 'There is no such connector on offer.', {
        cause,
      });
    }
  }
}

function assertSameTrip({ state, redirectUri }: VerificationRecord, data: ConnectorData): void {
  const isSame =
    (data['state'] === undefined || digest(data['state']) === state) &&
    (data['redirectUri'] === undefined || data['redirectUri'] === redirectUri);
  if (isSame) return;
  throw new LatchkeyError('auth.state_invalid', 'These are not the parameters of this verification.');
}

function callbackOf(record: VerificationRecord, data: ConnectorData) {
  const { redirectUri, nonce, codeVerifier } = record;
  const state = data['state'] ?? record.state;
  const scope = splitScope(record.scope ?? '');
  return { state, redirectUri, nonce, codeVerifier, scope, parameters: callbackParameters(data, state) };
}
