/**
 * What all HTML pages share: the shell, the style, line charts and the escaping of foreign text.
 *
 * <p>Every text that this program did not write goes through {@link io.tagstream.pages.Markup}. The
 * package depends on no other package of Tagstream.
 */
package io.tagstream.pages;
