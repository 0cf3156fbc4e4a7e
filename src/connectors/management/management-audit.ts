import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, type Observable } from 'rxjs';
import { AuditLog } from '../../audit/audit-log.js';
import { actorOf } from '../../common/actor.js';
import { requestOf } from '../../common/request-of.js';

const EVENT = 'latchkey:audited-event';

/** Writes down that an administrator has changed something: who, what and which, and never a value. */
@Injectable()
export class ManagementAudit implements NestInterceptor {
  constructor(
    private readonly audit: AuditLog,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const event = this.reflector.get<string>(EVENT, context.getHandler());
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        const connectorId = idOf(answer) ?? idOf(requestOf<{ params?: unknown }>(context).params) ?? null;
        await this.audit.record({ event, outcome: 'done', actorId: actorOf(context), connectorId });
        return answer;
      }),
    );
  }
}

/** The answer of the route leaves once this stands in the audit log. */
export const Audited = (event: string): MethodDecorator =>
  applyDecorators(SetMetadata(EVENT, event), UseInterceptors(ManagementAudit));

function idOf(value: unknown): string | undefined {
  const { id } = (value ?? {}) as { readonly id?: unknown };
  return typeof id === 'string' ? id : undefined;
}
