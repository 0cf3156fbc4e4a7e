import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import type { Authorization } from '../../connectors/connector.js';
import type { Fault } from '../fake-provider.js';
import { newRound, type Stage } from '../stage.js';
import { CODE, type ConformanceSubject } from '../subject.js';

/** Several values stand for a parameter that comes several times. */
export type CallbackParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One exchange from the beginning, with a fault on the way if there is one. */
export async function exchange(
  stage: Stage,
  subject: ConformanceSubject,
  options: { readonly fault?: Fault; readonly callback?: CallbackParameters } = {},
): Promise<Authorization> {
  const { connector, instance } = stage.configured;
  stage.provider.reset();
  const round = newRound(stage);
  const url = await connector.authorizationUrl(instance, round);
  stage.provider.reset(options.fault);
  const given = options.callback ?? subject.callback ?? { code: CODE };
  const all: CallbackParameters = { state: url.searchParams.get('state') ?? '', ...given };
  const parameters = new URLSearchParams(
    Object.entries(all).flatMap(([name, value = []]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
  );
  return connector.exchange(instance, { ...round, parameters });
}

/** The error of an action that has to fail with one of ours. */
export async function errorOf(action: Promise<unknown>): Promise<LatchkeyError> {
  const outcome = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome !== undefined, 'it must not succeed');
  if (isLatchkeyError(outcome)) return outcome;
  throw new assert.AssertionError({ message: `not an error with a code: ${inspect(outcome)}` });
}
