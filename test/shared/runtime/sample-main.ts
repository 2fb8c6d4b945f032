import { serve } from '../../../shared/runtime/serve.ts';
import { readSettings } from '../../../shared/runtime/settings.ts';
import { sampleFunction } from './sample-function.ts';

await serve(sampleFunction(), readSettings('notes', process.env));
