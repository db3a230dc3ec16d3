/**
 * Records at which the process may die: {@link io.tagstream.job.suspects.Notes} writes what is in
 * work to files that outlive the process, and says which records are suspects. The decode and
 * inference operators use {@code Notes} and {@link io.tagstream.job.suspects.NotePlace}; nothing
 * here decodes or infers.
 */
package io.tagstream.job.suspects;
