/**
 * The root command and the commands on folders of images. It may use every module; no module may
 * use it.
 */
package io.tagstream.cli;
