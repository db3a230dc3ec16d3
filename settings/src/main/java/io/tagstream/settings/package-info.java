/**
 * Settings of every component as typed records, and what all commands share: options, errors with
 * exit codes, progress and escaped output. Every module may use it; it knows none of them, and no
 * foreign library but picocli.
 */
package io.tagstream.settings;
