/// <reference lib="webworker" />
/** Entry of a shard's worker. */
import { serve } from '../../../src/protocol/rpc';
import { Shard } from './shard';
import type { ShardCommands, ShardEvent } from './shard-protocol';

const shard = new Shard((event) => emit(event));
const emit = serve<ShardCommands, ShardEvent>(self, shard.handlers);
