/** Reads what the stream wrote: the commands {@code tail} and {@code status}. */
package io.tagstream.consumers;
