/**
 * The command {@code demo}: a broker, a job, a producer and two consumers in one process. Only the
 * command itself is public.
 */
package io.tagstream.local.demo;
