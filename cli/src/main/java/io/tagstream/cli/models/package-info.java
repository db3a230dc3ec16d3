/**
 * The command {@code model} and its subcommands on a model store. {@code JsonLine} may be used from
 * {@code cli}; nothing here knows of other commands.
 */
package io.tagstream.cli.models;
